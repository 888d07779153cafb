package memory_test

import (
	"testing"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/backendtest"
	"github.com/mailpanel/account-resource/backends/memory"
)

func TestConformance(t *testing.T) {
	backendtest.Run(t, func(*testing.T) backendtest.Store {
		b := memory.New()
		return backendtest.Store{
			Backend: b, AddDomain: b.AddDomain, AddMailbox: b.AddAccount, AddAlias: b.AddAlias, SetRoute: b.AddRoute,
			Policy: b.Policy, SetPolicy: b.SetPolicy, Writes: b.Writes, ForwardOnly: b.ForwardOnly,
			Route: func(r account.Route) bool {
				active, exists := b.Route(r)
				return active && exists
			},
			AddTrace: func(t backendtest.Trace) { b.AddTrace(string(t.Kind), t.Owner, t.Other) },
			Traces: func() (all []backendtest.Trace) {
				for _, t := range b.Traces() {
					all = append(all, backendtest.Trace{Kind: backendtest.TraceKind(t[0]), Owner: t[1], Other: t[2]})
				}
				return all
			},
			Graves: func() (all []backendtest.Grave) {
				for _, g := range b.Graves() {
					all = append(all, backendtest.Grave(g))
				}
				return all
			},
			AddReserved: func(address string) {
				b.AddAccount(account.Account{Address: address, Kind: account.Reserved, Active: true})
			},
		}
	})
}
