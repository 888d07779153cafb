package readertest

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

func systemObjects(t *testing.T, p *Place) {
	p.person(t, "Somebody", "somebody", nil)
	p.person(t, "HealthMailbox6f5e", "health", nil)
	p.person(t, "SystemMailbox{bb558c35}", "system", nil)
	p.add(t, "computer", "PC1", p.Base, values{"sAMAccountName": {"PC1$"}, "userAccountControl": {"4096"}})
	all, _ := p.list(t, p.settings(), account.User, 0, 0)
	got := make(map[string]account.SystemObject)
	for _, o := range all {
		got[o.CommonName] = o.System
	}
	assert.Equal(t, map[string]account.SystemObject{
		"Somebody": "", "HealthMailbox6f5e": account.ExchangeSystem, "SystemMailbox{bb558c35}": account.ExchangeSystem, "PC1": account.Computer,
	}, got)
}

func ended(t *testing.T, p *Place) {
	at := func(when time.Time) string { return strconv.FormatInt((when.Unix()+11_644_473_600)*10_000_000, 10) }
	want := map[string]bool{}
	for name, c := range map[string]struct {
		expires string
		ended   bool
	}{
		"yesterday":    {at(time.Now().Add(-24 * time.Hour)), true},
		"long ago":     {"1", true},
		"tomorrow":     {at(time.Now().Add(24 * time.Hour)), false},
		"never":        {"0", false},
		"never either": {"9223372036854775807", false},
	} {
		p.person(t, name, strconv.Itoa(len(want)), values{"accountExpires": {c.expires}})
		want[name] = c.ended
	}
	p.person(t, "not said", "unsaid", nil)
	want["not said"] = false
	all, _ := p.list(t, p.settings(), account.User, 0, 0)
	got := make(map[string]bool)
	for _, o := range all {
		got[o.CommonName] = o.Disabled
	}
	assert.Equal(t, want, got)
}
