namespace Paws.Runner.Config;

/// <summary>A key of the section experiment: a number that an objective of one's own takes, under a name that it chose.</summary>
/// <param name="Name">Key name as written in YAML.</param>
internal sealed record ExperimentKey(string Name) : ConfigKey(ExperimentSection.Name, Name, typeof(double), false)
{
    public override object? Get(PawsConfig config) => config.Experiment.Numbers.TryGetValue(Name, out var number) ? number : null;

    internal override void Set(PawsConfig underConstruction, object? value) => underConstruction.Experiment.Set(Name, (double)value!);
}
