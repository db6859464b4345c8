using Paws.Model;
using Paws.Runner.Config;

namespace Paws.Runner.Training;

/// <summary>From the name of a method to the phase that trains it.</summary>
internal static class MethodPhases
{
    /// <summary>The phase of the configured method.</summary>
    /// <param name="run">Configuration, data, device.</param>
    /// <param name="encoder">What it trains.</param>
    /// <param name="experiment">An objective in place of that of PAWS; null for none.</param>
    /// <exception cref="UserErrorException">The method cannot do what was asked for.</exception>
    public static IMethodPhase Create(RunSetting run, Encoder encoder, Experiment? experiment)
    {
        var name = run.Config.Method.Name;
        if (experiment is not null && name != TrainMethod.Paws)
        {
            throw new UserErrorException(
                $"the objective {experiment.Name} takes the place of that of PAWS: leave method.name at {TrainMethod.Paws}"
            );
        }
        CheckRanks(run, name);
        CheckDistillation(run.Config);
        return name switch
        {
            TrainMethod.Supervised => new SupervisedPhase(run, encoder, SupervisedSteps(run), name),
            TrainMethod.SimClr or TrainMethod.SimClrV2 => new SimClrPhase(run, encoder, name),
            TrainMethod.SimClrSuncet => new SimClrSuncetPhase(run, encoder),
            TrainMethod.Byol => new ByolPhase(run, encoder),
            TrainMethod.Swav => new SwavPhase(run, encoder),
            TrainMethod.FixMatch => new FixMatchPhase(run, encoder),
            _ => new PawsPhase(run, encoder, experiment?.Objective),
        };
    }

    /// <summary>Steps as given, or as many as the epochs of unlabeled images would be.</summary>
    private static int SupervisedSteps(RunSetting run)
    {
        var stepsPerEpoch = run.Data.Train.Count / run.Plans.GlobalBatch;
        return run.Config.Baseline.Steps > 0
            ? run.Config.Baseline.Steps
            : Math.Max(1, (int)Math.Round(run.Config.Optimization.Epochs * stepsPerEpoch));
    }

    private static void CheckRanks(RunSetting run, string name)
    {
        if (run.Ranks.Alone)
        {
            return;
        }
        if (name != TrainMethod.Paws)
        {
            throw new UserErrorException(
                $"several ranks train method {TrainMethod.Paws} alone, and method.name is {name}: start it in one process, without --nproc"
            );
        }
        var finetune = run.Config.Finetune;
        if (finetune.Epochs > 0 && finetune.Method != FinetuneMethod.Suncet)
        {
            throw new UserErrorException(
                $"several ranks fine-tune by {FinetuneMethod.Suncet} alone, and finetune.method is {finetune.Method}: set finetune.epochs=0, and run "
                    + "paws finetune in one process afterwards"
            );
        }
    }

    private static void CheckDistillation(PawsConfig config)
    {
        if (config.Method.DistillEpochs > 0 && !(config.Finetune.Method == FinetuneMethod.Head && config.Finetune.Epochs > 0))
        {
            throw new UserErrorException(
                "method.distill_epochs: the teacher is the network fine-tuned from its first projection layer; set finetune.method=head and "
                    + "finetune.epochs, or method.distill_epochs=0"
            );
        }
    }
}
