"""Sound in, roles out: clerk or visitor, by level where there are two microphones, by voice where one."""
