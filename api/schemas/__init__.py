"""The JSON of responses and the parameters of lists, as Pydantic models and the functions that
fill them. Their names and descriptions are public: they become the OpenAPI document.
"""
