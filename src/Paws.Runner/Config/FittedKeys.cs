namespace Paws.Runner.Config;

/// <summary>
/// Keys that training fits to the data, or to other keys, where the user does not give them. A run that is continued under its preset
/// goes on with what was fitted then.
/// </summary>
internal static class FittedKeys
{
    private static readonly string[] Paths =
    [
        "criterion.classes_per_batch",
        "criterion.supervised_imgs_per_class",
        "criterion.supervised_views",
        "criterion.unsupervised_batch_size",
        "evaluation.every_epochs",
        "optimization.epochs",
        "optimization.warmup",
        "views.test_size",
    ];

    /// <summary>The configuration with what the recorded run has of these keys, and of its labels where their number is the same.</summary>
    /// <param name="loaded">As given now.</param>
    /// <param name="config">The same, resolved.</param>
    /// <param name="recorded">As the run has it.</param>
    /// <param name="labels">The number of --labels; null where it was not given.</param>
    public static PawsConfig Take(LoadedConfig loaded, PawsConfig config, PawsConfig recorded, int? labels)
    {
        var fitted = ConfigLoader.Refine(
            config,
            Paths
                .Where(path => !loaded.Asked(path))
                .Select(path => $"{path}={ConfigWriter.Format(ConfigSchema.Find(path)!.Get(recorded))}"),
            null
        );
        bool Own(string path) => loaded.OriginOf(path) is { Asked: true, Source: not SettingSource.Option };
        bool drawn = !Own("data.labels") && !Own("data.labels_per_class") && config.Data.LabelFile is null;
        bool same = labels is null ? config.Data.LabelsPerClass is not null : recorded.Data.Labels == ConfigWriter.Format(labels);
        return drawn && same && recorded.Data.Labels is not null
            ? fitted with
            {
                Data = fitted.Data with { Labels = recorded.Data.Labels, LabelsPerClass = recorded.Data.LabelsPerClass },
            }
            : fitted;
    }
}
