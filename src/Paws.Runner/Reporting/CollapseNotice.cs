using System.Text;
using static Paws.Runner.Reporting.Html;

namespace Paws.Runner.Reporting;

/// <summary>What is said first of a run that has collapsed, or had for a while: at the head of its report and of what the terminal sums up.</summary>
/// <param name="Title">In a few words.</param>
/// <param name="Text">What, since when, and what it means.</param>
/// <param name="Hints">Settings that have helped, as they are typed; empty where none is known, or none is needed.</param>
public sealed record CollapseNotice(string Title, string Text, IReadOnlyList<string> Hints)
{
    private const string Lead = "What has helped runs like this one, each by itself:";

    /// <summary>As one line of text.</summary>
    public string Line => $"{Title}. {Text}{(Hints.Count == 0 ? "" : $" {Lead} {string.Join(", or ", Hints)}")}";

    internal string ToHtml()
    {
        var html = new StringBuilder(
            $"<section id=\"collapse\" class=\"card notice\" role=\"note\"><h2>{Escape(Title)}</h2><p>{Escape(Text)}</p>"
        );
        if (Hints.Count > 0)
        {
            html.Append($"<p>{Escape(Lead)}</p><ul>");
            foreach (string hint in Hints)
            {
                html.Append($"<li><code>{Escape(hint)}</code></li>");
            }
            html.Append("</ul>");
        }
        return html.Append("</section>").ToString();
    }
}
