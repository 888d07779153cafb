package scenario

import (
	"context"
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// settings are the settings that a scenario may change, by their names in the form.
var settings = []sentenceForm{
	setting("settings delete off?", func(r *resource.Replication, v values) { r.Delete = !v.has("off") }),
	setting("settings disable_removed off?", func(r *resource.Replication, v values) { r.DisableRemoved = !v.has("off") }),
	setting("settings groups off?", func(r *resource.Replication, v values) { r.Groups = !v.has("off") }),
	setting("settings keep_days NUMBER", func(r *resource.Replication, v values) { r.KeepDays = v.number() }),
	setting("settings max_removals NUMBER", func(r *resource.Replication, v values) { r.MaxRemovals = v.number() }),
	setting("settings max_removal_percent NUMBER", func(r *resource.Replication, v values) { r.MaxRemovalPercent = v.number() }),
	setting("settings existing_accounts link|leave", func(r *resource.Replication, v values) {
		r.ExistingAccounts = resource.LinkExisting
		if v.has("leave") {
			r.ExistingAccounts = resource.LeaveExisting
		}
	}),
}

func setting(text string, set func(*resource.Replication, values)) sentenceForm {
	return sentenceForm{form: newForm(text), do: func(p *Play, _ context.Context, v values) error {
		return p.world.Configure(func(s *resource.Settings) { set(&s.Replication, v) })
	}}
}

// number returns the first number of a sentence.
func (v values) number() int {
	n, err := strconv.Atoi(v.first(aNumber))
	if err != nil {
		return 0 // its class says that it is one
	}
	return n
}
