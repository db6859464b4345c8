using System.Globalization;
using System.Text;

namespace Paws.Runner.Repro;

/// <summary>A table or figure as Markdown and CSV, our numbers beside the paper's.</summary>
/// <param name="plan">What was asked for: labels in words.</param>
/// <param name="result">What came of it.</param>
public sealed class ItemTable(ReproPlan plan, ItemResult result)
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>
    /// Mean ± standard deviation over seeds (how many of them), the paper's number in a column of its own where there is one; then the
    /// parts of the claim, and what the item's file remarks.
    /// </summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        var columns = plan.Columns.ToList();
        var papers = columns
            .Where(c => result.Cells.Any(cell => cell.Column == c.Key && cell.Paper is not null))
            .Select(c => c.Key)
            .ToHashSet();
        text.Append("| |");
        foreach (var (name, column) in columns)
        {
            text.Append(Invariant, $" {column.Label} |");
            text.Append(papers.Contains(name) ? " paper |" : "");
        }
        text.Append("\n|---|");
        foreach (var (name, _) in columns)
        {
            text.Append(papers.Contains(name) ? "---|---|" : "---|");
        }
        text.Append('\n');
        foreach (var (rowName, row) in plan.Item.Rows)
        {
            text.Append(Invariant, $"| {row.Label} |");
            foreach (var (name, _) in columns)
            {
                var cell = result.Cells.FirstOrDefault(c => c.Row == rowName && c.Column == name);
                text.Append(Invariant, $" {(cell is null ? "" : Spread(cell.Known))} |");
                text.Append(papers.Contains(name) ? $" {cell?.Paper?.ToString(Invariant)} |" : "");
            }
            text.Append('\n');
        }
        text.Append('\n').Append(Statements());
        if (plan.Item.Remarks.TryGetValue(plan.Scale.Name, out var remark))
        {
            text.Append(Invariant, $"\n{remark.Trim()}\n");
        }
        return text.ToString();
    }

    /// <summary>One line a cell and seed.</summary>
    public string ToCsv()
    {
        var text = new StringBuilder("row,column,seed,x,value,paper\n");
        foreach (var cell in result.Cells)
        {
            for (var seed = 0; seed < cell.Values.Count; seed++)
            {
                var x = seed < cell.X.Count ? cell.X[seed] : null;
                text.Append(Invariant, $"{Quoted(plan.Item.Rows[cell.Row].Label)},{Quoted(plan.Columns[cell.Column].Label)},{seed},{x},");
                text.Append(Invariant, $"{cell.Values[seed]},{cell.Paper}\n");
            }
        }
        return text.ToString();
    }

    /// <summary>Each part of the claim with its numbers, a line each.</summary>
    public string Statements()
    {
        var text = new StringBuilder();
        foreach (var s in result.Statements)
        {
            var interval = s.Seeds < 2 ? "" : string.Create(Invariant, $", 90 % interval {s.Low:0.00;−0.00} to {s.High:0.00;−0.00}");
            var mean = double.IsNaN(s.Mean)
                ? "no numbers yet"
                : string.Create(Invariant, $"{s.Mean:+0.00;−0.00}{interval}, {s.Seeds} {(s.Seeds == 1 ? "seed" : "seeds")}");
            text.Append(Invariant, $"- {s.Says}: **{Verdict.Word(s.Outcome)}** ({mean})\n");
        }
        return text.ToString();
    }

    /// <summary>Mean ± standard deviation (n), as many as there are.</summary>
    internal static string Spread(double[] values)
    {
        if (values.Length == 0)
        {
            return "–";
        }
        var mean = values.Average();
        if (values.Length == 1)
        {
            return string.Create(Invariant, $"{mean:0.00} (1)");
        }
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
        return string.Create(Invariant, $"{mean:0.00} ± {deviation:0.00} ({values.Length})");
    }

    private static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\n") ? $"\"{text.Replace("\"", "\"\"")}\"" : text;
}
