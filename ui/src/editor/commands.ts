import { EditorSelection, type ChangeSpec, type StateCommand } from "@codemirror/state";

/** Puts marks such as `**` around every selection, or takes them away again. */
export function toggleMarks(mark: string): StateCommand {
  return ({ state, dispatch }) => {
    const size = mark.length;
    const change = state.changeByRange((range) => {
      const { from, to } = range;
      const outside = state.sliceDoc(from - size, from) === mark && state.sliceDoc(to, to + size) === mark;
      if (outside) {
        const changes: ChangeSpec[] = [
          { from: from - size, to: from },
          { from: to, to: to + size },
        ];
        return { changes, range: EditorSelection.range(from - size, to - size) };
      }
      const changes: ChangeSpec[] = [
        { from, insert: mark },
        { from: to, insert: mark },
      ];
      return { changes, range: EditorSelection.range(from + size, to + size) };
    });
    dispatch(state.update(change, { userEvent: "input", scrollIntoView: true }));
    return true;
  };
}
