-- Whether an owner may add a job; changes nothing.
-- ARGV: prefix, owner, bound, 1 where owners share it   Returns a refusal (see the prelude) | {}
return refusal(ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1') or {}
