namespace Paws.Runner.Config;

/// <summary>
/// The published fine-tuning files put their numbers into sections criterion and optimization, where pre-training has its own.
/// Here a run keeps both, so those numbers are moved to section finetune.
/// </summary>
internal static class PublishedFinetune
{
    /// <summary>
    /// Moves what the file gave and puts the run's own pre-training settings back. Does nothing unless the file names a
    /// fine-tuning data set.
    /// </summary>
    /// <param name="loaded">The run's configuration with the file laid over it.</param>
    /// <param name="run">The run's configuration without the file.</param>
    public static PawsConfig Adopt(LoadedConfig loaded, PawsConfig run)
    {
        var (config, assigned) = (loaded.Config, loaded.Assigned);
        string name = DatasetDefaults.BaseName(config.Data.Dataset);
        if (name == config.Data.Dataset)
        {
            return config;
        }
        var finetune = config.Finetune;
        T Pick<T>(string key, T given, T otherwise) => assigned.Contains(key) ? given : otherwise;
        return config with
        {
            Criterion = run.Criterion,
            Optimization = run.Optimization,
            // The label smoothing of these files is fine-tuning's, which has none.
            Data = config.Data with
            {
                Dataset = name,
                LabelSmoothing = run.Data.LabelSmoothing,
            },
            Finetune = finetune with
            {
                Epochs = Pick("optimization.epochs", config.Optimization.Epochs, finetune.Epochs),
                Lr = Pick("optimization.lr", config.Optimization.Lr, finetune.Lr),
                FinalLr = Pick("optimization.final_lr", config.Optimization.FinalLr, finetune.FinalLr),
                Momentum = Pick("optimization.momentum", config.Optimization.Momentum, finetune.Momentum),
                Temperature = Pick("criterion.temperature", config.Criterion.Temperature, finetune.Temperature),
                ImgsPerClass = config.Criterion.SupervisedBatchSize ?? finetune.ImgsPerClass,
                Views = Pick("criterion.supervised_views", config.Criterion.SupervisedViews, finetune.Views),
            },
        };
    }
}
