"""The long story that demo/slow tells: written text, long enough to be stopped."""

STORY = """\
# The lamp on the north stair

This is a long story, told slowly, so that you have time to stop it. It was written, not generated. \
Press **Stop** whenever you like: every word that has arrived stays where it is.

## The post

There was once a lighthouse that had two stairs. The south stair was dry and wide, and everybody used \
it. The north stair was narrow and wet, and nobody had used it since the builders left. At the top of \
the north stair hung a lamp, a small one, with a wick as thin as a thread, and it was the duty of the \
keeper to light it every evening together with the great light.

The keeper did not know why. The great light was seen by ships thirty miles away. The small lamp was \
seen by nobody, since the window behind it had been bricked up long ago. But the book of duties said: \
*light the great light, wind the clock, light the lamp on the north stair*, in that order, and the \
keeper was a person who did what the book said and wondered about it afterwards.

So every evening the keeper climbed ninety steps on the south side, lit the great light, wound the \
clock, crossed the gallery, and went down eleven steps on the north side, to the lamp. It took one \
match. Then the keeper stood for a moment in the small yellow light, looked at the bricks where the \
window had been, and went back up.

## The inspector

In the ninth year an inspector came. He had a list of all the oil that was burned on that coast, and \
he had found, among the barrels, one cup a week that went nowhere.

"It goes to the lamp on the north stair," said the keeper.

"And what does the lamp do?"

"I don't know," said the keeper. "It's in the book."

The inspector asked to see the book. It was old, and the page about the lamp had been copied from an \
older one, and that from one older still. At each copying somebody had left out a few words, as people \
do when their hand is tired. What remained was the duty, and nothing of the reason.

The inspector was not an unkind man. He sat down on the top step and thought. "A rule without a \
reason," he said at last, "is either a mistake that nobody has noticed, or a reason that nobody \
remembers. The trouble is that they look the same."

"How does one tell them apart?" asked the keeper.

"One stops," said the inspector, "and sees what breaks."

## The dark week

They agreed to leave the lamp unlit for one week. On the first evening the keeper lit the great light, \
wound the clock, and then stood on the gallery with a match and nothing to do. On the second evening \
it rained. On the third the inspector took a lantern of his own and walked all the way down the north \
stair, two hundred steps, to see what was there. He came back wet to the knees, and said that there was \
a door at the bottom, and the sea behind it.

On the fourth evening the clock stopped.

It was a good clock. It turned the great lens once in every twenty seconds, by means of a weight that \
sank slowly through the middle of the tower. The keeper took it apart and found nothing wrong, except \
that the oil in the lowest bearing had grown stiff, as oil does in the cold. The lowest bearing was set \
in the wall of the tower. On the other side of that wall, eleven steps down, hung the lamp.

The inspector laid his hand flat on the stones. They were as cold as the sea. Then he struck a match, \
lit the small lamp, and the two of them sat beside it without a word until, some time after midnight, \
the wall was warm, the clock began to turn of itself, and the great beam moved again over the water.

## The margin

In the morning the inspector asked for a pen. He opened the book at the page about the lamp, and \
between the lines, in small letters, he wrote down why.

"So that the next one needn't stop it," he said.

"Or so that the next one knows what to look at when stopping it," said the keeper. "The bearing may be \
changed some day. Then the lamp can go out, and nobody has to be afraid."

The inspector wrote that down as well. Then he took his list, found the line with the cup of oil, and \
behind the word *nowhere*, which he crossed out, he put: *north stair, for the clock; see the book*.

He left by the south stair, since it was dry. From the boat he looked back. It was already getting \
dark, and the great light came on, and swept round, and round. Behind the bricked-up window, where \
nobody could see it, burned the other one.

## What the story is for

If you have read this far, nothing was stopped and nothing was lost. Ask again, stop in the middle of \
a sentence, and look at what you have then: the sentence, up to the word that had arrived.
"""
