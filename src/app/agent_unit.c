#include "app/agent_unit.h"

#include <stdlib.h>

#include "app/commands.h"

static const char HEAD[] =
    "# slowdive agent: records into the history of the policy, evaluates its alerts and tells its "
    "receivers.\n"
    "# Install it as /etc/systemd/system/slowdive-agent.service, then: systemctl enable --now "
    "slowdive-agent\n"
    "#\n"
    "# The policy is /etc/slowdive/policy.yaml; its history.url decides where figures are kept. A path "
    "there\n"
    "# must lie in /var/lib/slowdive, such as history:/var/lib/slowdive/history.db. A history on another "
    "machine\n"
    "# is allowed once by --allow-remote. Files with addresses and keys of receivers are read as the user "
    "of\n"
    "# the unit: give them to the group slowdive, or load them by LoadCredential= and name them as\n"
    "# /run/credentials/slowdive-agent.service/NAME. A password of ClickHouse is CLICKHOUSE_PASSWORD of\n"
    "# EnvironmentFile=.\n"
    "[Unit]\n"
    "Description=slowdive agent\n"
    "Documentation=man:slowdive(1) man:slowdive-policy(5)\n"
    "Wants=network-online.target\n"
    "After=network-online.target\n"
    "\n"
    "[Service]\n";

static const char TAIL[] =
    "Restart=on-failure\n"
    "RestartSec=10s\n"
    "TimeoutStopSec=60s\n"
    "Nice=5\n"
    "MemoryMax=512M\n"
    "TasksMax=64\n"
    "\n"
    "# A user of its own without a home; what it keeps is in /var/lib/slowdive.\n"
    "DynamicUser=yes\n"
    "User=slowdive\n"
    "StateDirectory=slowdive\n"
    "StateDirectoryMode=0700\n"
    "ConfigurationDirectory=slowdive\n"
    "Environment=XDG_STATE_HOME=/var/lib\n"
    "EnvironmentFile=-/etc/slowdive/agent.env\n"
    "UMask=0077\n"
    "# Logs in /var/log are read as the group adm.\n"
    "SupplementaryGroups=adm\n"
    "\n"
    "# Nothing else can be written, seen or changed. The figures of the machine need /proc and /sys.\n"
    "ProtectSystem=strict\n"
    "ProtectHome=yes\n"
    "PrivateTmp=yes\n"
    "PrivateDevices=yes\n"
    "PrivateUsers=yes\n"
    "DevicePolicy=closed\n"
    "ProtectProc=invisible\n"
    "ProtectClock=yes\n"
    "ProtectHostname=yes\n"
    "ProtectKernelTunables=yes\n"
    "ProtectKernelModules=yes\n"
    "ProtectKernelLogs=yes\n"
    "ProtectControlGroups=yes\n"
    "NoNewPrivileges=yes\n"
    "CapabilityBoundingSet=\n"
    "AmbientCapabilities=\n"
    "RestrictNamespaces=yes\n"
    "RestrictRealtime=yes\n"
    "RestrictSUIDSGID=yes\n"
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n"
    "LockPersonality=yes\n"
    "MemoryDenyWriteExecute=yes\n"
    "RemoveIPC=yes\n"
    "KeyringMode=private\n"
    "SystemCallArchitectures=native\n"
    "SystemCallFilter=@system-service\n"
    "SystemCallFilter=~@privileged @resources\n"
    "SystemCallErrorNumber=EPERM\n"
    "\n"
    "[Install]\n"
    "WantedBy=multi-user.target\n";

/* A word of a command line of systemd: % is doubled, and what is no plain word stands in quotes. $ is
 * doubled, too: no variable is meant. */
static void word(struct strbuf *out, const char *text)
{
    bool plain = *text && !text[strcspn(text, " \t\n\"'\\;")];
    strbuf_str(out, plain ? " " : " \"");
    for (const char *p = text; *p; p++) {
        if (*p == '%' || *p == '$')
            strbuf_char(out, *p);
        else if (*p == '"' || *p == '\\')
            strbuf_char(out, '\\');
        if (*p == '\n')
            strbuf_str(out, "\\n");
        else
            strbuf_char(out, *p);
    }
    strbuf_str(out, plain ? "" : "\"");
}

/* A file that is here by its whole path: a unit begins in another folder. */
static void file_word(struct strbuf *out, const char *text)
{
    char *whole = *text == '/' ? NULL : realpath(text, NULL);
    word(out, whole ? whole : text);
    free(whole);
}

void agent_unit(const struct cli *cli, const char *program, struct strbuf *out)
{
    static const char *const OWN[] = {"every", "host", "listen"};
    const char *policy = cli->values[CLI_POLICY];
    strbuf_str(out, HEAD);
    strbuf_printf(out, "ExecStart=%s agent --policy", program);
    file_word(out, policy ? policy : "/etc/slowdive/policy.yaml");
    for (size_t i = 0; i < ARRAY_LEN(OWN); i++)
        if (command_value(cli, OWN[i])) {
            strbuf_printf(out, " --%s", OWN[i]);
            word(out, command_value(cli, OWN[i]));
        }
    for (size_t i = 0; i < cli->n_args; i++)
        file_word(out, cli->args[i]);
    if (!cli->n_args)
        strbuf_str(out, " host:");
    strbuf_char(out, '\n');
    strbuf_str(out, TAIL);
}
