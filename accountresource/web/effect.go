package web

import (
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// fewestForPercent: fewer removals than these are never too many for their part of all (rule R15).
const fewestForPercent = 5

// effectView says in numbers what becomes of accounts whose person leaves.
type effectView struct {
	Linked  int
	Made    int // by this module: they may be deleted
	Before  int // was here before: they are only disabled
	Waiting int // removals that wait for an admin now
	Max     int // removals of one run that are not held
	Percent int
	Limit   int    // the same as a number, now
	Now     string // what the form says: delete, disable or leave
}

// effect takes its limits from the form as it is drawn, saved or not.
func (w *Web) effect(r *request, res resource.Resource, values map[string]string, waiting int) (*effectView, error) {
	origins, err := w.cfg.Resources.Origins(r.UserContext(), res.ID)
	if err != nil {
		return nil, err
	}
	v := &effectView{Made: origins[account.Created], Before: origins[account.Linked], Waiting: waiting, Now: "leave"}
	v.Linked = v.Made + v.Before
	v.Max = numberOr(values["max_removals"], res.Settings.Replication.MaxRemovals)
	v.Percent = numberOr(values["max_removal_percent"], res.Settings.Replication.MaxRemovalPercent)
	v.Limit = max(v.Linked*v.Percent/100, fewestForPercent-1)
	switch {
	case values["delete"] != "":
		v.Now = "delete"
	case values["disable_removed"] != "":
		v.Now = "disable"
	}
	return v, nil
}

func numberOr(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n <= 1_000_000 {
		return n
	}
	return otherwise
}
