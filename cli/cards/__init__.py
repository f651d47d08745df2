"""Model cards as commands need them: listed, verified, exported, made and changed.

Reading a card belongs in `models`; printing and editing its file belongs here.
"""
