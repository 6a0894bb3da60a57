"""Data sets: device-resident small images, CamVid, and the generated `shapes` data."""
