package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// row is what happened, or would happen, to one account, in the reader's language.
type row struct {
	*localizer
	ID      int64
	Run     int64 // zero in a preview
	Time    time.Time
	Action  account.Action
	Kind    account.Kind
	Source  account.SourceID
	DN      string
	Address string
	Diff    []difference
	Reason  string
	Detail  string
	// AccountHistory is the path of the account's own history; empty where a row is about no account.
	AccountHistory string
	// InRun is the path of the log that the row is in, where rows of several stand beside each other.
	InRun string
}

// difference is a changed value.
type difference struct{ What, Old, New string }

func (s *localizer) rowOfEntry(base string, e *run.Entry) row {
	r := row{
		localizer: s, ID: e.ID, Run: e.Run, Time: e.Time, Action: e.Action, Kind: e.Kind, Source: e.Source, DN: e.DN,
		Address: e.Address, Diff: s.differences(e.Diff), Reason: s.Say(e.Reason), Detail: e.Detail,
	}
	if name := string(e.Source); name != "" || e.Address != "" {
		if name == "" {
			name = e.Address
		}
		r.AccountHistory = base + "/log?account=" + url.QueryEscape(name)
	}
	return r
}

func (s *localizer) rowOfChange(c *account.Change) row {
	diff := c.Diff
	if c.Action == account.ActionCreated {
		diff = born(c)
	}
	address := c.Address
	if account.IsTempAddress(address) && len(diff) > 0 && diff[0].What == account.WhatAddress { // it makes way for another
		address = diff[0].Old
	}
	return row{
		localizer: s, Action: c.Action, Kind: c.Kind, Source: c.Source, DN: c.DN, Address: address,
		Diff: s.differences(diff), Reason: s.Say(c.Reason),
	}
}

// born is what a new account begins with.
func born(c *account.Change) (diff []account.Difference) {
	for _, f := range account.AllFields() {
		if value := c.Profile[f]; value != "" {
			diff = append(diff, account.Difference{What: f.String(), New: value})
		}
	}
	if c.Kind == account.Mailbox && c.Switch != account.On {
		diff = append(diff, account.Difference{What: "active", New: "no"})
	}
	return append(diff, c.Diff...)
}

// Differences are what a change changes, for people.
func (s *localizer) Differences(all []account.Difference) []difference { return s.differences(all) }

func (s *localizer) differences(all []account.Difference) []difference {
	said := make([]difference, len(all))
	for i, d := range all {
		said[i] = difference{s.T(fmt.Sprintf("what_%s", d.What)), d.Old, d.New}
		if d.What == "active" {
			said[i].Old, said[i].New = s.yesOrNo(d.Old), s.yesOrNo(d.New)
		}
	}
	return said
}

// yesOrNo says what a log keeps as yes and no.
func (s *localizer) yesOrNo(kept string) string {
	switch kept {
	case "yes":
		return s.T("yes")
	case "no":
		return s.T("no")
	}
	return kept
}

// KindText says what kind of account it is; empty for what is none.
func (r row) KindText() string {
	switch r.Kind {
	case account.Mailbox:
		return r.T("account_mailbox")
	case account.Alias:
		return r.T("account_alias")
	}
	return ""
}

// holds reports whether the text is anywhere in the row; case does not matter.
func (r row) holds(part string) bool {
	if part == "" {
		return true
	}
	texts := []string{r.Address, r.DN, r.Reason}
	for _, d := range r.Diff {
		texts = append(texts, d.Old, d.New)
	}
	return strings.Contains(strings.ToLower(strings.Join(texts, "\n")), strings.ToLower(part))
}

// inRun says in which run the row is.
func (r row) inRun(base string) row {
	r.InRun = base + "/log?run=" + strconv.FormatInt(r.Run, 10)
	return r
}

// actionNamed is the action of a form; empty for any.
func actionNamed(name string) account.Action {
	for _, a := range account.Actions() {
		if string(a) == name {
			return a
		}
	}
	return ""
}
