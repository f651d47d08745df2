"""Scripts for developers: they make docs, client and translations anew, and check commit subjects.
No package imports them.
"""
