package fakead

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// supportedControls are the controls that a client may mark as critical (MS-ADTS 3.1.1.3.4.1).
var supportedControls = []string{ldap.ControlTypePaging, showDeleted, domainScope, extendedDN, rangeOption}

// rangeOption says that large attributes are read in ranges; it is announced and never sent (MS-ADTS 3.1.1.3.4.1.20).
const rangeOption = "1.2.840.113556.1.4.802"

// functionalLevel is that of Windows Server 2016, for server, domain and forest (MS-ADTS 6.1.4.2 to 6.1.4.4).
const functionalLevel = "7"

// SetSynchronized says what rootDSE tells of isSynchronized: FALSE is a server that has not replicated its domain since it
// started, or was restored.
func (s *Server) SetSynchronized(done bool) { s.lagging.Store(!done) }

// rootDSE is what the server says of itself (MS-ADTS 3.1.1.3.2).
func (s *Server) rootDSE() object {
	t := s.tree
	t.mu.RLock()
	defer t.mu.RUnlock()
	return object{attributes: []attribute{
		{"currentTime", []string{when(time.Now())}},
		{"subschemaSubentry", []string{"CN=Aggregate," + t.schemaDN()}}, {"dsServiceName", []string{t.serviceDN()}},
		{"namingContexts", []string{t.base, t.configurationDN(), t.schemaDN()}}, {"defaultNamingContext", []string{t.base}},
		{"schemaNamingContext", []string{t.schemaDN()}}, {"configurationNamingContext", []string{t.configurationDN()}},
		{"rootDomainNamingContext", []string{t.base}}, {"supportedControl", supportedControls},
		{"supportedLDAPVersion", []string{"3", "2"}}, {"supportedLDAPPolicies", []string{"MaxPageSize", "MaxValRange"}},
		{"highestCommittedUSN", []string{strconv.FormatInt(t.usn, 10)}}, {"dnsHostName", []string{s.host()}},
		{"ldapServiceName", []string{t.domain + ":dc1$@" + strings.ToUpper(t.domain)}}, {"serverName", []string{t.serverDN()}},
		{"supportedCapabilities", []string{"1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1935"}},
		{"supportedExtension", []string{startTLS}},
		{"isSynchronized", []string{boolean(!s.lagging.Load())}}, {"isGlobalCatalogReady", []string{"TRUE"}},
		{"domainFunctionality", []string{functionalLevel}}, {"forestFunctionality", []string{functionalLevel}},
		{"domainControllerFunctionality", []string{functionalLevel}},
	}}
}

// boolean writes one in LDAP's syntax (RFC 4517, section 3.3.3).
func boolean(is bool) string { return strings.ToUpper(strconv.FormatBool(is)) }
