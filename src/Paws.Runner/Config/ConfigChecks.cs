using System.Text.RegularExpressions;
using static Paws.Runner.Config.Interval;

namespace Paws.Runner.Config;

/// <summary>Every range in one place. Checked once, when a configuration has been put together.</summary>
internal static partial class ConfigChecks
{
    /// <summary>The allowed range of each number, and of each element of a list of numbers; null values are not checked.</summary>
    public static IReadOnlyDictionary<string, Interval> Ranges { get; } =
        new Dictionary<string, Interval>
        {
            ["criterion.classes_per_batch"] = AtLeast(1),
            ["criterion.sharpen"] = OpenClosed(0, 1),
            ["criterion.supervised_imgs_per_class"] = AtLeast(1),
            ["criterion.supervised_views"] = AtLeast(1),
            ["criterion.support_temperature"] = Above(0),
            ["criterion.support_weight"] = AtLeast(0),
            ["criterion.temperature"] = Above(0),
            ["criterion.unsupervised_batch_size"] = AtLeast(1),
            ["criterion.supervised_batch_size"] = AtLeast(1),
            ["criterion.supervised_epochs"] = AtLeast(0),
            ["data.color_jitter_strength"] = Closed(0, 2.5),
            ["data.data_seed"] = AtLeast(0),
            ["data.label_smoothing"] = ClosedOpen(0, 1),
            ["data.multicrop"] = AtLeast(0),
            ["data.unlabeled_frac"] = ClosedOpen(0, 1),
            ["data.num_classes"] = AtLeast(2),
            ["data.labels_per_class"] = AtLeast(1),
            ["data.shapes_train"] = AtLeast(10),
            ["data.shapes_test"] = AtLeast(10),
            ["data.flip"] = Closed(0, 1),
            ["data.workers"] = AtLeast(0),
            ["logging.log_every_steps"] = AtLeast(1),
            ["logging.checkpoint_every_seconds"] = AtLeast(0),
            ["meta.output_dim"] = AtLeast(1),
            ["meta.proj_layers"] = Closed(2, 3),
            ["meta.master_port"] = Closed(1, 65535),
            ["meta.seed"] = AtLeast(0),
            ["meta.threads"] = AtLeast(0),
            ["meta.world_size"] = AtLeast(0),
            ["optimization.epochs"] = Above(0),
            ["optimization.images"] = AtLeast(0),
            ["optimization.lr"] = Above(0),
            ["optimization.start_lr"] = AtLeast(0),
            ["optimization.final_lr"] = AtLeast(0),
            ["optimization.warmup"] = AtLeast(0),
            ["optimization.momentum"] = ClosedOpen(0, 1),
            ["optimization.weight_decay"] = AtLeast(0),
            ["views.large_size"] = AtLeast(8),
            ["views.small_size"] = AtLeast(8),
            ["views.test_size"] = AtLeast(8),
            ["views.large_scale"] = OpenClosed(0, 1),
            ["views.small_scale"] = OpenClosed(0, 1),
            ["views.jitter"] = Closed(0, 1),
            ["views.grayscale"] = Closed(0, 1),
            ["views.blur"] = Closed(0, 1),
            ["views.solarize"] = Closed(0, 1),
            ["views.equalize"] = Closed(0, 1),
            ["views.mean"] = Closed(0, 1),
            ["views.std"] = OpenClosed(0, 1),
            ["evaluation.every_epochs"] = AtLeast(0),
            ["evaluation.quick_images"] = AtLeast(0),
            ["evaluation.temperature"] = Above(0),
            ["evaluation.batch_size"] = AtLeast(1),
            ["method.temperature"] = Above(0),
            ["method.ema"] = Closed(0, 1),
            ["method.prototypes"] = AtLeast(2),
            ["method.epsilon"] = Above(0),
            ["method.sinkhorn_iterations"] = AtLeast(1),
            ["method.freeze_prototypes"] = AtLeast(0),
            ["method.suncet_weight"] = AtLeast(0),
            ["method.labeled_batch"] = AtLeast(1),
            ["method.unlabeled_weight"] = AtLeast(0),
            ["method.threshold"] = OpenClosed(0, 1),
            ["method.fixmatch_lr"] = Above(0),
            ["method.fixmatch_weight_decay"] = AtLeast(0),
            ["method.weight_ema"] = ClosedOpen(0, 1),
            ["method.distill_epochs"] = AtLeast(0),
            ["method.distill_lr"] = Above(0),
            ["method.distill_temperature"] = Above(0),
            ["finetune.epochs"] = AtLeast(0),
            ["finetune.imgs_per_class"] = AtLeast(1),
            ["finetune.views"] = AtLeast(1),
            ["finetune.lr"] = Above(0),
            ["finetune.final_lr"] = AtLeast(0),
            ["finetune.momentum"] = ClosedOpen(0, 1),
            ["finetune.temperature"] = Above(0),
            ["finetune.batch_size"] = AtLeast(1),
            ["finetune.head_lr"] = Above(0),
            ["finetune.linear_lr"] = Above(0),
            ["finetune.held_out"] = ClosedOpen(0, 1),
            ["finetune.held_out_outside"] = AtLeast(0),
            ["baseline.time_factor"] = Above(0),
            ["baseline.steps"] = AtLeast(0),
            ["baseline.step_ratio"] = Above(0),
            ["baseline.batch_size"] = AtLeast(1),
            ["baseline.lr"] = Above(0),
            ["baseline.weight_decay"] = AtLeast(0),
            ["baseline.scale"] = OpenClosed(0, 1),
            ["finetune.scale"] = OpenClosed(0, 1),
            ["baseline.label_smoothing"] = ClosedOpen(0, 1),
        };

    /// <summary>Keys that take one of a few words.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Choices { get; } =
        new Dictionary<string, IReadOnlyList<string>>
        {
            ["data.dataset"] = DatasetDefaults.Names,
            ["method.name"] = TrainMethod.Names,
            ["finetune.method"] = FinetuneMethod.Names,
            ["logging.on_collapse"] = OnCollapse.Names,
        };

    /// <summary>Everything out of range, one line each, naming the key, the allowed range and the value.</summary>
    public static IReadOnlyList<string> Problems(PawsConfig config)
    {
        var problems = new List<string>();
        foreach (var (path, range) in Ranges)
        {
            object? value = ConfigSchema.Find(path)!.Get(config);
            bool inside = value switch
            {
                null => true,
                int number => range.Contains(number),
                double number => range.Contains(number),
                double[] numbers => Array.TrueForAll(numbers, range.Contains),
                _ => throw new InvalidOperationException($"{path} is not a number"),
            };
            if (!inside)
            {
                string each = value is double[] ? "every number must be" : "must be";
                problems.Add($"{path}: {each} in {range}, got {ConfigWriter.Format(value)}");
            }
        }
        CheckPair(problems, "views.large_scale", config.Views.LargeScale);
        CheckPair(problems, "views.small_scale", config.Views.SmallScale);
        CheckPair(problems, "baseline.scale", config.Baseline.Scale);
        CheckPair(problems, "finetune.scale", config.Finetune.Scale);
        CheckChannels(problems, "views.mean", config.Views.Mean);
        CheckChannels(problems, "views.std", config.Views.Std);
        CheckNames(problems, config);
        return problems;
    }

    [GeneratedRegex(@"^(wide_resnet(?<depth>\d+)w[1-9]\d?|resnet(18|50|101|152)(w[124])?|resnet18_small)\z")]
    private static partial Regex ModelName();

    [GeneratedRegex(@"^(auto|cpu|cuda|cuda:\d{1,3})\z")]
    private static partial Regex DeviceName();

    private static void CheckPair(List<string> problems, string path, double[]? pair)
    {
        if (pair is not null && (pair.Length != 2 || pair[0] > pair[1]))
        {
            problems.Add($"{path}: must be [min, max] with min at most max, got {ConfigWriter.Format(pair)}");
        }
    }

    private static void CheckChannels(List<string> problems, string path, double[]? channels)
    {
        if (channels is not null && channels.Length != 3)
        {
            problems.Add($"{path}: must be three numbers [red, green, blue], got {ConfigWriter.Format(channels)}");
        }
    }

    private static void CheckNames(List<string> problems, PawsConfig config)
    {
        foreach (var (path, names) in Choices)
        {
            var given = (string)ConfigSchema.Find(path)!.Get(config)!;
            if (!names.Contains(given))
            {
                string hint = NearestName.Find(given, names) is { } near ? $"; did you mean \"{near}\"?" : "";
                problems.Add($"{path}: must be one of {string.Join(", ", names)}, got \"{given}\"{hint}");
            }
        }
        var model = ModelName().Match(config.Meta.ModelName);
        if (!model.Success)
        {
            problems.Add(
                $"meta.model_name: must be wide_resnet{{depth}}w{{width}}, resnet{{18,50,101,152}}, the same with w1, w2 or w4, "
                    + $"or resnet18_small, got \"{config.Meta.ModelName}\""
            );
        }
        else if (model.Groups["depth"] is { Success: true } depth && (int.Parse(depth.Value) < 10 || (int.Parse(depth.Value) - 4) % 6 != 0))
        {
            problems.Add($"meta.model_name: the depth of a wide_resnet must be 6·n + 4 (10, 16, 22, 28, 40), got {depth.Value}");
        }
        if (config.Data.Labels is { } labels && !LabelNumber.IsValid(labels))
        {
            problems.Add($"data.labels: must be a whole number of at least 1, or {LabelNumber.All}, got \"{labels}\"");
        }
        if (!DeviceName().IsMatch(config.Meta.Device))
        {
            problems.Add($"meta.device: must be auto, cpu, cuda or cuda:N, got \"{config.Meta.Device}\"");
        }
    }
}
