"""Mean and standard deviation of ImageNet's photos, red, green and blue in [0, 1]: what networks
take as normalised unless their card says otherwise. Imports nothing."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
