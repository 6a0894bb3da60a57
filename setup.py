"""Build file: version, package data, and configs and tools in `.mim`, where mmengine looks for them."""

import os
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
MIM_FOLDERS = ("configs", "tools")


class BuildWithMim(build_py):
    """Puts `configs/` and `tools/` into `relnas_mm/.mim`, as the mm packages do: links when editable, else copies.

    mmengine resolves `_base_ = 'relnas_mm::…'` in `<package>/.mim/configs`.
    """

    def run(self):
        super().run()
        for folder in MIM_FOLDERS:
            if self.editable_mode:
                link = ROOT / "relnas_mm" / ".mim" / folder
                link.parent.mkdir(exist_ok=True)
                link.unlink(missing_ok=True)
                os.symlink(Path("..") / ".." / folder, link)
            else:
                target = Path(self.build_lib) / "relnas_mm" / ".mim" / folder
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(ROOT / folder, target, ignore=shutil.ignore_patterns("__pycache__"))


def version() -> str:
    """The version, read without importing the package."""
    namespace: dict[str, str] = {}
    exec((ROOT / "relnas_mm" / "version.py").read_text(), namespace)
    return namespace["__version__"]


setup(
    version=version(),
    packages=find_packages(include=["relnas_mm", "relnas_mm.*"]),
    package_data={"relnas_mm": ["**/*.html", "**/*.j2", "**/*.json"]},
    cmdclass={"build_py": BuildWithMim},
)
