package run

import "github.com/mailpanel/account-resource/accountresource/account"

// Sample is what a connection test shows: the first users and groups in scope, as a run would read them.
type Sample struct {
	Probe         Probe
	Users, Groups []account.Object
}

// SampleSize is the most users, and the most groups, that a connection test reads.
const SampleSize = 10
