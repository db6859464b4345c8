using Paws.Model;
using Paws.Runner.Config;

namespace Paws.Runner;

/// <summary>
/// An objective for pre-training: from the resolved configuration and a step to the loss and its parts. It must be pure, and
/// pass no gradient to the step's targets.
/// </summary>
public delegate PawsLossResult ExperimentObjective(PawsConfig config, PawsStep step);

/// <summary>An objective of one's own, by name, with the numbers it can be set to.</summary>
/// <param name="Name">As results and messages call it: <c>ropaws</c>.</param>
/// <param name="Settings">
/// Its settings with their defaults: <c>--set experiment.NAME=…</c> and the section <c>experiment</c> of a configuration file change
/// them, and the objective reads them as <c>config.Experiment[name]</c>.
/// </param>
/// <param name="Objective">What pre-training minimises.</param>
public sealed record Experiment(string Name, IReadOnlyDictionary<string, double> Settings, ExperimentObjective Objective)
{
    /// <summary>An objective without settings.</summary>
    public Experiment(string name, ExperimentObjective objective)
        : this(name, new Dictionary<string, double>(), objective) { }
}
