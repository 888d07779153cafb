package scenario

// Missing are the scenarios, by file, that do not come out yet, and why. Tests have them fail, so that they are taken off
// the list once they do not.
var Missing = map[string]string{}
