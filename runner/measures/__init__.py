"""What can be measured of answers: how well things fit, how far texts are apart, what is evidence."""
