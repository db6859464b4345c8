namespace Paws.Reference

open MathNet.Numerics.LinearAlgebra

/// The PAWS objective, spelled out view by view.
[<RequireQualifiedAccess>]
module Objective =

    /// (cross-entropy, ME-Max) of class distributions: predictions.[v].[i] of view v of image i, and the target predictions of the
    /// two large views, targets.[0] those of view 1, not swapped, not sharpened. weights one an image.
    ///
    /// With v views: 1/(v·n) Σᵢ wᵢ [H(ρ(t²), p¹) + H(ρ(t¹), p²) + Σ_{k≥3} H((ρ(t¹) + ρ(t²))/2, pᵏ)], target entries below 1e-4
    /// dropped; and −H of the mean of ρ(p) over all views.
    let ofPredictions sharpen (weights: float[]) (predictions: Matrix<float>[]) (targets: Matrix<float>[]) =
        let sharp =
            targets |> Array.map (Distributions.mapRows (Distributions.sharpen sharpen))

        let kept (t: Vector<float>) =
            t.Map(fun v -> if v < 1e-4 then 0.0 else v)

        let images = predictions[0].RowCount

        let target view image =
            match view with
            | 0 -> sharp[1].Row image
            | 1 -> sharp[0].Row image
            | _ -> (sharp[0].Row image + sharp[1].Row image) / 2.0

        let mutable sum = 0.0

        for image in 0 .. images - 1 do
            for view in 0 .. predictions.Length - 1 do
                sum <-
                    sum
                    + weights[image]
                      * Distributions.crossEntropy (kept (target view image)) (predictions[view].Row image)

        let all =
            predictions
            |> Seq.collect _.EnumerateRows()
            |> Seq.map (Distributions.sharpen sharpen)
            |> Matrix<float>.Build.DenseOfRowVectors

        sum / float (images * predictions.Length), Distributions.meMax (Distributions.mean all)

    /// (cross-entropy, ME-Max) of embeddings: anchors.[v] of view v against the anchors' supports, large.[0] and large.[1] against the
    /// targets' supports.
    let paws temperature sharpen anchors anchorSupports labels large targetSupports =
        let predictions =
            anchors |> Array.map (Classifier.classify temperature anchorSupports labels)

        let targets =
            large |> Array.map (Classifier.classify temperature targetSupports labels)

        let images = (Array.head predictions).RowCount
        ofPredictions sharpen (Array.create images 1.0) predictions targets

    /// (cross-entropy, ME-Max, term) of PAWS + SuNCEt: what paws has, and weight · SuNCEt of the anchors' supports among themselves at a
    /// temperature of its own. The objective is their sum.
    let pawsSuncet weight termTemperature temperature sharpen anchors anchorSupports labels large targetSupports =
        let crossEntropy, meMax =
            paws temperature sharpen anchors anchorSupports labels large targetSupports

        crossEntropy, meMax, weight * Contrastive.suncet termTemperature anchorSupports labels
