"""jambonz, as its feature server speaks: the whole protocol on the socket, and what is particular about it."""


async def test_try(world):
    line = world.line()
    heard = await line.start()
    print(heard)
    for what in ("wat kost een paspoort",):
        print(await line.say(what))
    print(await line.say("ja"))
    print(await line.say("herhaal"))
    print(await line.silence())
    print(await line.silence())
    h = await line.silence()
    print(h)
    print(await line.transferred("busy"))
    print(await line.say("ja"))
    print(await line.say("ochtend"))
    for t in await world.turns(line):
        print(t.author, t.text, t.data)
    await line.hang_up()
