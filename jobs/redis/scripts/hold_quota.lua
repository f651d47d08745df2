-- Hold part of an owner's quota of today for a batch: all that it asks for or nothing. Replaces what
-- an earlier request with the same token held.
-- ARGV: prefix, owner, jobs a day, how many, token   Returns {"held"} | {"quota", ms of the day left}
local owner, count = ARGV[2], tonumber(ARGV[4])
local used = used_today(owner) - read_held(owner, ARGV[5])
if used + count > tonumber(ARGV[3]) then return {'quota', left_of_day()} end
hold_jobs(owner, ARGV[5], count)
return {'held'}
