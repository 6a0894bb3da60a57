"""The constants of the shapes data: class names, palettes, keypoints and skeleton."""

SHAPES = ("disc", "ring", "square", "triangle", "star", "cross", "crescent", "heart", "arrow", "person")
"""Everything the renderer can draw; "person" is a stick figure with 17 joints."""

CIFAR10_CLASSES = SHAPES
"""The ten labels of the CIFAR-10 layout, in label order, and the folders of the image-folder layout."""

CLASSIFICATION_LAYOUTS = ("cifar10", "image_folder")
"""The layouts whose pictures have one label."""

VOC_CLASSES = ("disc", "square", "triangle", "star", "cross", "crescent", "heart", "person")
"""The eight labels of the VOC layout; rings and arrows appear too, unlabelled, as distractors."""

VOC_PALETTE = (
    (230, 73, 60),
    (52, 120, 219),
    (46, 190, 100),
    (245, 200, 40),
    (155, 80, 190),
    (30, 190, 190),
    (240, 100, 170),
    (245, 140, 30),
)
"""One RGB colour (0-255) per VOC class, for drawing boxes; no object is painted by it."""

CITYSCAPES_CLASSES = ("background", *VOC_CLASSES)
"""Train ids 0-8 of the Cityscapes layout; 255 is ignored."""

CITYSCAPES_PALETTE = ((70, 70, 80), *VOC_PALETTE)
"""One RGB colour (0-255) per Cityscapes train id."""

IGNORE_LABEL = 255
"""The train id of pixels that no metric counts: the borders between objects."""

KEYPOINTS = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""The 17 keypoints of COCO, in COCO's order; left and right are the figure's own."""

SKELETON = (
    (16, 14),
    (14, 12),
    (17, 15),
    (15, 13),
    (12, 13),
    (6, 12),
    (7, 13),
    (6, 7),
    (6, 8),
    (7, 9),
    (8, 10),
    (9, 11),
    (2, 3),
    (1, 2),
    (1, 3),
    (2, 4),
    (3, 5),
    (4, 6),
    (5, 7),
)
"""COCO's limbs as pairs of keypoint numbers that start at 1."""
