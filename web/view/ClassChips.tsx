import { useEffect, useRef, useState } from 'preact/hooks';
import { classColours } from '../picture/classColours.ts';
import { cssColour } from '../picture/paintLabels.ts';
import { chipsOf, type Choices } from '../state/choices.ts';
import { Icon } from './icons.tsx';

/** Class names with their colours: typed, pasted, and removed again. */
export function ClassChips({
  choices,
  suggested,
  onChange,
  say,
}: {
  choices: Choices;
  /** Names that the network knows, where that is known. */
  suggested: readonly string[];
  onChange: (classes: readonly string[]) => void;
  /** Tells those who do not see it. */
  say: (text: string) => void;
}) {
  const { classes } = choices;
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const { palette, labels } = classColours(choices);
  useEffect(() => {
    const box = list.current!.parentElement!;
    // What is typed next stays in sight.
    if (document.activeElement === input.current) box.scrollTop = box.scrollHeight;
  }, [classes]);

  const add = (typed: string) => {
    const chips = chipsOf(typed, classes);
    setText('');
    if (chips.length > 0) {
      onChange([...classes, ...chips]);
      say(`Added ${chips.join(', ')}`);
    } else if (typed.trim() !== '') say(`${typed.trim()} is there already`);
  };
  const remove = (index: number) => {
    onChange(classes.filter((_, at) => at !== index));
    say(`Removed ${classes[index]}`);
    input.current?.focus();
  };
  const focusChip = (index: number) => {
    const buttons = list.current!.querySelectorAll('button');
    if (index >= buttons.length) input.current!.focus();
    else buttons[Math.max(0, index)]?.focus();
  };
  const onTyped = (value: string) => (/[,\n]/.test(value) ? add(value) : setText(value));

  return (
    <section class="classes" aria-labelledby="classes-title">
      <div class="title-row">
        <h2 id="classes-title">Classes</h2>
        {classes.length > 1 && (
          <button type="button" class="quiet small" onClick={() => onChange([])}>
            Remove all
          </button>
        )}
      </div>
      <div class="chips" onClick={(event) => event.target === event.currentTarget && input.current?.focus()}>
        <ul ref={list}>
          {classes.map((chip, index) => (
            <li key={chip}>
              <button
                type="button"
                class="chip"
                aria-label={`Remove ${chip}`}
                title={chip}
                onClick={() => remove(index)}
                onKeyDown={(event) => {
                  if (event.key === 'ArrowLeft') focusChip(index - 1);
                  else if (event.key === 'ArrowRight') focusChip(index + 1);
                  else if (event.key === 'Backspace' || event.key === 'Delete') remove(index);
                  else return;
                  event.preventDefault();
                }}
              >
                <span class="dab" style={{ background: cssColour(palette, labels[index]) }} />
                <span class="chip-text">{chip}</span>
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
        <input
          ref={input}
          type="text"
          value={text}
          list="known-names"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          enterkeyhint="done"
          aria-label="Add a class"
          aria-describedby="classes-help"
          placeholder={classes.length === 0 ? 'cat, dog; puppy, grass' : 'Add a class'}
          onInput={(event) => {
            const { value } = event.currentTarget;
            // A suggestion that was chosen is whole.
            if ((event as InputEvent).inputType === 'insertReplacementText') add(value);
            else onTyped(value);
          }}
          onBlur={() => add(text)}
          onPaste={(event) => {
            const pasted = event.clipboardData?.getData('text') ?? '';
            if (!/[,\n]/.test(pasted)) return;
            event.preventDefault();
            add(text + pasted);
          }}
          onKeyDown={(event) => {
            const isAtStart = event.currentTarget.selectionStart === 0 && event.currentTarget.selectionEnd === 0;
            if (event.key === 'Enter') add(text);
            else if (event.key === 'Backspace' && text === '' && classes.length > 0) remove(classes.length - 1);
            else if (event.key === 'ArrowLeft' && isAtStart && classes.length > 0) focusChip(classes.length - 1);
            else return;
            event.preventDefault();
          }}
        />
        <datalist id="known-names">
          {suggested.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
      <p id="classes-help" class="muted">
        Enter or a comma adds a class. Semicolons join synonyms: dog; puppy.
      </p>
    </section>
  );
}
