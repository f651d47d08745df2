"""Pictures of an ended job, drawn from its stored photo and maps without the model. Everything
blocks its thread but `cache`, through which routes come in; no request or response enters.
"""
