"""Photos that somebody sends: what their header says, their pixels, upright and in sRGB, and what
decoding them may cost. The formats have a room of their own, `pictures/formats/`.
"""
