namespace Paws.Runner.Reporting.Charts;

/// <summary>Colours of a chart. On the page they are CSS variables, so that one drawing serves light and dark.</summary>
internal sealed record Theme(string Text, string Muted, string Grid, string Surface, string Good, string Bad, bool Standalone)
{
    // Ten hues of similar weight, told apart on white and on near-black.
    private static readonly string[] Hues =
    [
        "#3b82c4",
        "#ee8432",
        "#3fa45b",
        "#d6484e",
        "#8f6cc9",
        "#a0694d",
        "#e377b5",
        "#7d8894",
        "#c2ab1f",
        "#22b0bd",
    ];

    /// <summary>Colours that are told apart; beyond so many classes they follow a rule.</summary>
    public static int HueCount => Hues.Length;

    /// <summary>Inside report.html.</summary>
    public static Theme Page { get; } =
        new("var(--text)", "var(--muted)", "var(--grid)", "var(--surface)", "var(--good)", "var(--bad)", Standalone: false);

    /// <summary>A file of its own: dark ink on white.</summary>
    public static Theme Paper { get; } = new("#1c232b", "#5b6672", "#e3e7ec", "#ffffff", "#3b82c4", "#d6484e", Standalone: true);

    /// <summary>Style of a text that may lie over lines: an edge in the colour of the ground.</summary>
    public string Halo => $"paint-order:stroke;stroke:{Surface};stroke-width:4px;stroke-linejoin:round";

    /// <summary>Colour of series or class number <paramref name="index"/> of <paramref name="count"/>.</summary>
    public static string Hue(int index, int count = 10)
    {
        if (count <= Hues.Length)
        {
            return Hues[index % Hues.Length];
        }
        // Many classes: walk the colour circle by the golden angle, in three lightnesses.
        double hue = index * 137.508 % 360;
        return FormattableString.Invariant($"hsl({hue:0},62%,{(index % 3) switch { 0 => 46, 1 => 58, _ => 68 }}%)");
    }
}
