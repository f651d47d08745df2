"""Translations: what there is to translate, and the catalogues brought up to date with it."""
