"""Calls back when jobs end (Standard Webhooks 1.0)."""
