using System.Globalization;
using System.Text;

namespace Paws.Runner.Repro;

/// <summary>paper-repro/README.md: every table and figure, what was run, our number, the paper's, the verdict, and what a full run would take.</summary>
public static class ResultsPage
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>The page over everything that the folder holds.</summary>
    public static string Write(ReproFolder folder)
    {
        string[] scales = [.. ReproFiles.Scales.Where(s => s != "smoke")]; // whose numbers mean nothing
        ReproItem[] items = [.. ReproFiles.Items.Select(ReproFiles.Item)];
        var text = new StringBuilder(Opening);
        text.Append("\n## At a glance\n\n| | claim |");
        foreach (var scale in scales)
        {
            text.Append(Invariant, $" {scale} |");
        }
        text.Append("\n|---|---|").Append(string.Concat(scales.Select(_ => "---|"))).Append('\n');
        foreach (var item in items)
        {
            text.Append(Invariant, $"| [{item.Name}](#{item.Id}) {item.Title} | {item.Claim} |");
            foreach (var scale in scales)
            {
                text.Append(Invariant, $" {Glance(item, scale, folder.Result(scale, item.Id))} |");
            }
            text.Append('\n');
        }
        text.Append("\n## Scales\n\n");
        foreach (var scale in ReproFiles.Scales.Select(ReproFiles.Scale))
        {
            text.Append(Invariant, $"- **{scale.Name}**: {scale.About.Trim()} Seeds: {scale.Seeds}.\n");
        }
        foreach (var item in items)
        {
            Section(text, folder, item, scales);
        }
        return text.ToString();
    }

    private const string Opening = """
        # Tables and figures of the paper

        This page is written by `paws repro`, from the data files beside it and the results in `results/`. Each arm is run with several
        seeds; a claim is tested on the difference between arms of the same seed (same labels, same initial weights). **Supported**: the 90 %
        interval of the mean difference (Student's distribution) lies where the claim says, a one-sided test at 5 %. **Not supported**: it lies
        wholly elsewhere. **Inconclusive**: it holds both, or there is one seed. Nothing is corrected for the number of tests. A claim of several
        parts is supported when all are, and not supported when one is not.

        The paper's numbers are of ImageNet (CIFAR-10 in Figure 8) at full length. Numbers of a smaller scale stand beside them so that
        directions can be compared, never levels.

        ```sh
        paws repro all --scale smoke                                   # the machinery, in minutes; the numbers mean nothing
        paws repro all --scale laptop --data path/to/cifar10           # 2 cores; stops with Ctrl-C, goes on where it stood
        paws repro table6 --scale laptop --data path/to/cifar10 --seeds 5
        ```

        Every run has its configuration, result and metrics in `results/SCALE/runs/METHOD-HASH-SEED`; one of them again:

        ```sh
        paws train --config paper-repro/results/laptop/runs/RUN/config.yaml --data path/to/cifar10
        ```

        [Longer runs of the preset cifar10-cpu](../docs/cifar10-cpu.md) have a page of their own.

        """;

    private static string Glance(ReproItem item, string scale, ItemResult? result) =>
        result is { Shows: true } ? $"{Verdicts(item, result)}{Note(result)}"
        : item.Skip.ContainsKey(scale) ? "left out"
        : "not run";

    /// <summary>How much of a claim holds where not all of it does, and how many runs there are where some are missing.</summary>
    private static string Note(ItemResult result)
    {
        List<string> notes = [];
        if (result.Outcome != Outcome.Supported && result.Statements.Count > 1)
        {
            notes.Add($"{result.Statements.Count(s => s.Outcome == Outcome.Supported)} of {result.Statements.Count} parts supported");
        }
        if (result.Finished < result.Runs)
        {
            notes.Add($"{result.Finished} of {result.Runs} runs");
        }
        return notes.Count == 0 ? "" : $" ({string.Join("; ", notes)})";
    }

    /// <summary>A drawing without a claim is nothing to judge.</summary>
    private static string Verdicts(ReproItem item, ItemResult result) => item.Claim.Length == 0 ? "drawn" : Verdict.Word(result.Outcome);

    private static void Section(StringBuilder text, ReproFolder folder, ReproItem item, string[] scales)
    {
        var claim = item.Claim.Length == 0 ? "" : $"Claim: {item.Claim}. ";
        text.Append(Invariant, $"\n<a id=\"{item.Id}\"></a>\n\n## {item.Name}: {item.Title}\n\n{claim}{item.Source.Trim()}\n");
        var missing = new List<string>();
        foreach (var scale in scales)
        {
            if (folder.Result(scale, item.Id) is { Shows: true } result)
            {
                Result(text, folder, item, result);
            }
            else if (item.Skip.TryGetValue(scale, out var reason))
            {
                text.Append(Invariant, $"\nNot run at scale {scale}: {reason.Trim()}.\n");
            }
            else
            {
                missing.Add(scale);
            }
        }
        if (missing.Count > 0)
        {
            text.Append(Invariant, $"\nNot run yet at scale {string.Join(", ", missing)}.\n");
        }
        text.Append(Invariant, $"\nIn full: {item.Full.Trim()}\n");
    }

    private static void Result(StringBuilder text, ReproFolder folder, ReproItem item, ItemResult result)
    {
        text.Append(Invariant, $"\n### {item.Name}, scale {result.Scale}: {Verdicts(item, result)}\n\n");
        if (result.Runs > 0)
        {
            var plan = new ReproPlan(item, ReproFiles.Scale(result.Scale), result.Seeds);
            var all = result.Finished == result.Runs ? "" : $" of {result.Runs}";
            text.Append(new ItemTable(plan, result).ToMarkdown());
            text.Append(Invariant, $"\nRuns: {result.Finished}{all}, {Duration(result.Seconds)} of training, on ");
            text.Append(Invariant, $"{string.Join("; ", result.Hardware)} (commit ");
            text.Append(Invariant, $"{string.Join(", ", result.Commits.Select(c => c[..Math.Min(8, c.Length)]))}). ");
            text.Append(Invariant, $"[JSON](results/{result.Scale}/{item.Id}.json), [CSV](results/{result.Scale}/{item.Id}.csv).\n");
        }
        foreach (var extension in (string[])[".svg", ".html"])
        {
            if (File.Exists(folder.File(result.Scale, item.Id, extension)))
            {
                var path = $"results/{result.Scale}/{item.Id}{extension}";
                text.Append(
                    extension == ".svg" ? $"\n![{item.Name}]({path})\n" : $"\n[Interactive page]({path}), to open from a checkout.\n"
                );
            }
        }
    }

    private static string Duration(double seconds) =>
        seconds >= 3600 ? string.Create(Invariant, $"{seconds / 3600:0.0} hours") : string.Create(Invariant, $"{seconds / 60:0.0} minutes");
}
