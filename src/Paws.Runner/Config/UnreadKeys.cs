namespace Paws.Runner.Config;

/// <summary>
/// Keys that a user gave and that nothing reads in this run, because of what else it is told: another method's, those of a phase
/// that is left out. They are no mistake, one file may serve several runs, but they are not passed over in silence.
/// </summary>
internal static class UnreadKeys
{
    /// <summary>A sentence that names them, with the reason; null where there are none.</summary>
    /// <param name="loaded">The configuration, and who gave what.</param>
    /// <param name="command">Which command was given it.</param>
    public static string? Of(LoadedConfig loaded, string command)
    {
        var config = loaded.Config;
        var unread = loaded
            .Origins.Where(given =>
                given.Value is { Asked: true, Source: not SettingSource.Option } && !PublishedKeys.All.ContainsKey(given.Key)
            )
            .Select(given => (Path: given.Key, Why: Why(given.Key, command, config)))
            .Where(given => given.Why is not null)
            .GroupBy(given => given.Why, given => given.Path)
            .Select(group => $"{string.Join(", ", group.Order(StringComparer.Ordinal))} ({group.Key})")
            .ToList();
        return unread.Count == 0 ? null : $"without effect in this run: {string.Join("; ", unread)}";
    }

    private static string? Why(string path, string command, PawsConfig config) =>
        command switch
        {
            PublishedKeys.Finetune => InFinetuning(path, config),
            PublishedKeys.Eval => InEvaluation(path),
            _ => InTraining(path, config),
        };

    /// <summary>Why training does not read a key; null where it does.</summary>
    private static string? InTraining(string path, PawsConfig config)
    {
        string section = path[..path.IndexOf('.')],
            method = config.Method.Name;
        bool plain = method is TrainMethod.Supervised or TrainMethod.FixMatch,
            supports = method is TrainMethod.Paws or TrainMethod.SimClrSuncet;
        return section switch
        {
            "method" => OfMethod(path, config),
            "finetune" when path == "finetune.epochs" => null,
            "finetune" when config.Finetune.Epochs == 0 => "finetune.epochs is 0; paws finetune RUN takes it from the run",
            "finetune" => OfFinetuning(path, config),
            "baseline" => OfBaseline(path, config),
            "criterion" when path == "criterion.support_temperature" && config.Criterion.SupportWeight == 0 =>
                "criterion.support_weight is 0",
            "criterion"
                when path
                    is "criterion.me_max"
                        or "criterion.sharpen"
                        or "criterion.temperature"
                        or "criterion.support_weight"
                        or "criterion.support_temperature" => method == TrainMethod.Paws ? null : NotOf(method),
            "criterion" when path == "criterion.supervised_batch_size" => "paws finetune RUN --config FILE takes it",
            "criterion" when path != "criterion.unsupervised_batch_size" => supports ? null : NotOf(method),
            "optimization" when path is "optimization.epochs" or "optimization.momentum" => null,
            "optimization" => plain ? NotOf(method) : null,
            _ => path switch
            {
                "data.shapes_train" or "data.shapes_test" => config.Data.Dataset == DatasetDefaults.BuiltIn
                    ? null
                    : $"data.dataset is {config.Data.Dataset}",
                "data.label_smoothing" => method == TrainMethod.Paws ? null : NotOf(method),
                "data.data_seed" => config.Data.LabelFile is null && config.Data.Labels != LabelNumber.All ? null : "no labels are drawn",
                "data.multicrop" => plain || TrainMethod.HasLargeViewsAlone(method) ? NotOf(method) : null,
                "views.small_size" or "views.small_scale" => plain || TrainMethod.HasLargeViewsAlone(method) ? NotOf(method)
                : config.Data.Multicrop == 0 ? "data.multicrop is 0"
                : null,
                "views.mean" or "views.std" => config.Data.Normalize ? null : "data.normalize is false",
                "views.jitter" => config.Data.ColorJitterStrength > 0 ? null : "data.color_jitter_strength is 0",
                "evaluation.quick_images" => config.Evaluation.EveryEpochs > 0 ? null : "evaluation.every_epochs is 0",
                "logging.pretrain_path" => "paws finetune RUN takes it from the run",
                _ => null,
            },
        };
    }

    /// <summary>Why fine-tuning does not read a key; null where it does.</summary>
    private static string? InFinetuning(string path, PawsConfig config) =>
        path[..path.IndexOf('.')] switch
        {
            "finetune" => OfFinetuning(path, config),
            "criterion" or "optimization" or "method" or "baseline" => "fine-tuning has section finetune",
            _ => null,
        };

    private static string? InEvaluation(string path) =>
        path[..path.IndexOf('.')] is "criterion" or "optimization" or "method" or "baseline" or "finetune" or "logging"
            ? "nothing is trained"
            : null;

    private static string? OfMethod(string path, PawsConfig config)
    {
        string method = config.Method.Name;
        string[] owners = path["method.".Length..] switch
        {
            "temperature" => [TrainMethod.SimClr, TrainMethod.SimClrV2, TrainMethod.Swav, TrainMethod.SimClrSuncet],
            "ema" => [TrainMethod.Byol],
            "prototypes" or "epsilon" or "sinkhorn_iterations" or "freeze_prototypes" => [TrainMethod.Swav],
            "suncet_weight" => [TrainMethod.SimClrSuncet],
            "labeled_batch" or "unlabeled_weight" or "threshold" or "fixmatch_lr" or "fixmatch_weight_decay" or "weight_ema" =>
            [
                TrainMethod.FixMatch,
            ],
            _ => [],
        };
        if (path is "method.distill_lr" or "method.distill_temperature")
        {
            return config.Method.DistillEpochs > 0 ? null : "method.distill_epochs is 0";
        }
        return owners.Length == 0 || owners.Contains(method) ? null : NotOf(method);
    }

    private static string? OfFinetuning(string path, PawsConfig config)
    {
        var (suncet, method) = (config.Finetune.Method == FinetuneMethod.Suncet, config.Finetune.Method);
        return path["finetune.".Length..] switch
        {
            "imgs_per_class" or "views" or "lr" or "final_lr" or "temperature" or "augment" or "batch_statistics" => suncet
                ? null
                : $"finetune.method is {method}",
            "batch_size" or "held_out" or "held_out_outside" => suncet ? $"finetune.method is {method}" : null,
            "head_lr" => method == FinetuneMethod.Head ? null : $"finetune.method is {method}",
            "linear_lr" => method == FinetuneMethod.Linear ? null : $"finetune.method is {method}",
            "scale" => suncet && !config.Finetune.Augment ? "finetune.augment is false" : null,
            _ => null,
        };
    }

    private static string? OfBaseline(string path, PawsConfig config)
    {
        bool itself = config.Method.Name == TrainMethod.Supervised;
        return path switch
        {
            "baseline.enabled" => itself && config.Baseline.Enabled ? "method.name is supervised, which has no baseline beside it" : null,
            "baseline.time_factor" or "baseline.step_ratio" when itself => NotOf(TrainMethod.Supervised),
            "baseline.time_factor" or "baseline.step_ratio" when config.Baseline.Steps > 0 => "baseline.steps is given",
            _ => itself || config.Baseline.Enabled ? null : "there is no baseline",
        };
    }

    private static string NotOf(string method) => $"method.name is {method}";
}
