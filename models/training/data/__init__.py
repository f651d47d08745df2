"""What a model is trained on: folders of classes and outlines, photos as arrays, and batches of
them; and pictures without a leaf.
"""
