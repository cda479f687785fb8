import { ActionIcon, Badge, Button, CloseButton, Group, Popover, Stack, Textarea, TextInput } from "@mantine/core";
import type { MessageInput } from "@signalbox/client";
import { IconLinkPlus, IconSend2 } from "@tabler/icons-react";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import classes from "./composer.module.css";
import { type Attachment, attachmentOf } from "./model/attachment.ts";
import type { Draft } from "./model/drafts.ts";

interface ComposerProps {
  draft: { get(): Draft; set(draft: Draft): void };
  post(input: MessageInput): void;
  typing(isTyping: boolean): void;
}

const maxLength = 16_384;
const typingIntervalMs = 3_000;

/** The message input. Enter sends, Shift+Enter inserts a line break. */
export function Composer({ draft, post, typing }: ComposerProps) {
  const [{ text, attachments }, setDraft] = useState(draft.get);
  const typingSentAt = useRef(0);

  useEffect(() => () => void (typingSentAt.current > 0 && typing(false)), [typing]);

  function change(next: Partial<Draft>) {
    const changed = { text, attachments, ...next };
    setDraft(changed);
    draft.set(changed);
  }

  function typed(next: string) {
    change({ text: next });
    if (next === "") return stopped();
    if (Date.now() - typingSentAt.current < typingIntervalMs) return;
    typingSentAt.current = Date.now();
    typing(true);
  }

  function stopped() {
    if (typingSentAt.current > 0) typing(false);
    typingSentAt.current = 0;
  }

  function send() {
    if (text.trim() === "") return;
    post({ message: text, ...(attachments.length > 0 && { attachments: [...attachments] }) });
    change({ text: "", attachments: [] });
    stopped();
  }

  function pressed(event: KeyboardEvent) {
    // During composition, Enter belongs to the input method. WebKit has ended it by then, and tells it by the key code.
    const isOfInputMethod = event.nativeEvent.isComposing || event.nativeEvent.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || isOfInputMethod) return;
    event.preventDefault();
    send();
  }

  return (
    <form
      className={classes.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {attachments.length > 0 && (
        <Group gap="xs" mb="xs">
          {attachments.map((attachment) => (
            <Badge
              key={attachment.url}
              variant="default"
              tt="none"
              rightSection={
                <CloseButton
                  size="xs"
                  aria-label={`Remove ${attachment.name}`}
                  onClick={() => change({ attachments: attachments.filter((other) => other !== attachment) })}
                />
              }
            >
              {attachment.name}
            </Badge>
          ))}
        </Group>
      )}
      <div className={classes.line}>
        <AttachLink add={(attachment) => change({ attachments: [...attachments, attachment] })} />
        <Textarea
          className={classes.text ?? ""}
          aria-label="Message"
          placeholder="Write a message"
          // Not on touch devices, where the keyboard would cover the messages.
          autoFocus={matchMedia("(hover: hover)").matches}
          autosize
          minRows={1}
          maxRows={8}
          maxLength={maxLength}
          value={text}
          onChange={(event) => typed(event.currentTarget.value)}
          onKeyDown={pressed}
        />
        <ActionIcon type="submit" size="input-sm" aria-label="Send" disabled={text.trim() === ""}>
          <IconSend2 size={18} aria-hidden />
        </ActionIcon>
      </div>
    </form>
  );
}

/** Attachments are links: the server stores no files. */
function AttachLink({ add }: { add(attachment: Attachment): void }) {
  const [isOpen, setOpen] = useState(false);
  const [url, setUrl] = useState("");
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);

  function submit(event: FormEvent) {
    event.preventDefault();
    // React bubbles the event to the composer's form, through the portal.
    event.stopPropagation();
    const attachment = attachmentOf(url, name);
    if (!attachment) return setProblem("Enter a URL such as https://example.com/picture.png");
    add(attachment);
    setUrl("");
    setName("");
    setProblem(null);
    setOpen(false);
  }

  return (
    <Popover opened={isOpen} onChange={setOpen} position="top-start" width={300} trapFocus withinPortal>
      <Popover.Target>
        <ActionIcon variant="default" size="input-sm" aria-label="Attach a link" onClick={() => setOpen(!isOpen)}>
          <IconLinkPlus size={18} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={submit}>
          <Stack gap="xs">
            <TextInput
              label="URL"
              type="url"
              required
              value={url}
              error={problem}
              onChange={(event) => setUrl(event.currentTarget.value)}
            />
            <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} />
            <Button type="submit" size="xs">
              Attach
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
