#!/bin/sh
# Run a command of the environment that is active, else of the one of `make hooks`, else of the PATH.
environment=${VIRTUAL_ENV:-$(git config --get cropshield.environment)}
PATH=${environment:+$environment/bin:}$PATH exec "$@"
