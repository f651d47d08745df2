"""Pictures without torch: decoded in `decoding/`, a module for each format in `formats/`; drawn in
`rendering/`; split into leaf, lesion and ground in `segmentation/`; made up in `drawn_leaves/` and
`scenes/`.

NumPy, Pillow, pillow-heif and simplejpeg alone, so that the API process may import all of it but
`segmentation/`, which takes OpenCV.
"""
