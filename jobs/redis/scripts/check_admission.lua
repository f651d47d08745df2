-- Whether an owner may add a job; changes nothing.
-- ARGV: prefix, owner, bound, 1 where owners share it   Returns a refusal (see the prelude)
--       | {"room", for how many more}
local bound = tonumber(ARGV[3])
local total, own = queue_load(ARGV[2], ARGV[4] == '1')
return refusal(total, own, bound) or {'room', room(total, own, bound)}
