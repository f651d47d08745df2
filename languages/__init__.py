"""What people read, in their own language.

The English text is the key (gettext). It is written where it belongs, stored and logged in English,
and translated when an answer, a page, a report or a sheet is made. Names for machines are never
translated.
"""
