# Also learns from torchvision's ResNet-50, which the reference implementation does not do.
_base_ = "./relativenas-c46l14_8xb128-250e_imagenet.py"

model = dict(teacher=dict(model=dict(type="torchvision", name="resnet50", weights="IMAGENET1K_V2"), weight=0.5))
