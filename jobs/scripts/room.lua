-- Whether an owner may add a job; changes nothing.
-- ARGV: prefix, owner, bound, 1 where owners share it   Returns a refusal (see the prelude)
--       | {"room", for how many more there is room, each of which adds to all and to its own}
local owner, bound, shares = ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local refused = refusal(owner, bound, shares)
if refused then return refused end
local own = shares and waiting_of(owner) or 0
return {'room', math.floor((bound - waiting() - own) / 2) - 1}
