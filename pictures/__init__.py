"""Pictures without torch or OpenCV: headers, colour tables, blending, masks, drawn leaves.

NumPy, Pillow and pillow-heif alone, so that the API process may import all of it.
"""
