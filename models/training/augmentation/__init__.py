"""What a photo may look like in the field: ground, view, light, sharpness and compression, and
mixes of two photos; a batch at a time, on the training device.
"""
