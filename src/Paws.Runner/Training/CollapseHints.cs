using Paws.Runner.Config;

namespace Paws.Runner.Training;

/// <summary>A setting that helped a collapsed run of some kind when it was tried.</summary>
/// <param name="Key">Of the configuration.</param>
/// <param name="Value">As it is written behind <c>--set KEY=</c>.</param>
/// <param name="Helps">Whether it is of use to a run with this configuration and collapse; never where the run has it already.</param>
internal sealed record CollapseHint(string Key, string Value, Func<PawsConfig, string, bool> Helps)
{
    /// <summary>As it is typed.</summary>
    public string Option => $"--set {Key}={Value}";
}

/// <summary>What is advised when a run has collapsed: only what was tried, and nothing that the run has already.</summary>
internal static class CollapseHints
{
    /// <summary>All that may be advised, what helped most first.</summary>
    public static IReadOnlyList<CollapseHint> All { get; } =
    [
        new("criterion.me_max", "true", (config, kind) => IsPaws(config) && kind == CollapseKind.OneClass && !config.Criterion.MeMax),
        new("criterion.support_weight", "1", (config, _) => IsPaws(config) && config.Criterion.SupportWeight == 0),
        new("views.large_scale", "[0.6,1]", (config, _) => IsPaws(config) && config.Views.LargeScale is [< 0.6, ..]),
        new(
            "data.color_jitter_strength",
            "0.3",
            (config, _) => IsPaws(config) && config.Data.ColorJitterStrength > 0.3 && config.Views.Jitter > 0
        ),
        new("views.solarize", "0", (config, _) => IsPaws(config) && config.Views.Solarize > 0),
        new("views.equalize", "0", (config, _) => IsPaws(config) && config.Views.Equalize > 0),
    ];

    /// <summary>Those for a run.</summary>
    /// <param name="config">Resolved, as the run has it.</param>
    /// <param name="kind">What has collapsed, one of <see cref="CollapseKind"/>.</param>
    public static IReadOnlyList<CollapseHint> For(PawsConfig config, string kind) => [.. All.Where(hint => hint.Helps(config, kind))];

    /// <summary>A sentence that names them; empty where nothing is known to help.</summary>
    public static string Sentence(PawsConfig config, string kind)
    {
        var options = For(config, kind).Select(hint => hint.Option).ToList();
        return options.Count == 0 ? "" : $"what has helped: {string.Join(", or ", options)}";
    }

    private static bool IsPaws(PawsConfig config) => config.Method.Name == TrainMethod.Paws;
}
