"""What is done to the config of a search before the Runner sees it."""

from importlib.util import find_spec

from mmengine.config import Config

NEEDED = {"TensorboardVisBackend": "tensorboard"}


def without_missing_backends(config: Config) -> Config:
    """Leaves out the visualization back-ends whose package is not installed; changes the config in place."""
    visualizer = config.get("visualizer")
    if visualizer and "vis_backends" in visualizer:
        visualizer.vis_backends = [
            backend
            for backend in visualizer.vis_backends
            if backend["type"] not in NEEDED or find_spec(NEEDED[backend["type"]])
        ]
    return config
