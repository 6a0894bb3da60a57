"""Build file: version, package data, and configs and tools in `.mim`, where mmengine looks for them."""

import os
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
MIM = ("configs", "tools", "model-index.yml")


class BuildWithMim(build_py):
    """Puts configs, tools and the model index into `relnas_mm/.mim`, as mm packages do: links when editable, or copies.

    mmengine resolves `_base_ = 'relnas_mm::…'` in `<package>/.mim/configs`.
    """

    def run(self):
        super().run()
        for name in MIM:
            if self.editable_mode:
                link = ROOT / "relnas_mm" / ".mim" / name
                link.parent.mkdir(exist_ok=True)
                link.unlink(missing_ok=True)
                os.symlink(Path("..") / ".." / name, link)
            else:
                target = Path(self.build_lib) / "relnas_mm" / ".mim" / name
                shutil.rmtree(target, ignore_errors=True)
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(ROOT / name, target)


def version() -> str:
    """The version, read without importing the package."""
    namespace: dict[str, str] = {}
    exec((ROOT / "relnas_mm" / "version.py").read_text(), namespace)
    return namespace["__version__"]


setup(
    version=version(),
    packages=find_packages(include=["relnas_mm", "relnas_mm.*"]),
    package_data={"relnas_mm": ["**/*.html", "**/*.j2", "**/*.json", "__init__.pyi", "compat/site/*.py"]},
    cmdclass={"build_py": BuildWithMim},
)
