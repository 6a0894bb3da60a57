"""Data sets: small images as arrays, image folders, detection, segmentation, keypoints, faces, generated `shapes`."""
