"""Servers of others around `benchmarks.serve.work.Work`; each is started as a program with a port,
takes a photo and answers with its overlay. They run in environments of their own.
"""
