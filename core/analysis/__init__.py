"""What a song is made of in time and pitch: tempo, beats, bars, key, and where somebody sings.

NumPy only. The libraries that do this need scipy, numba and scikit-learn (400 MB installed), a
deep-learning framework, or have no wheels for 64-bit Arm; `benchmarks/analysis.py` measures this
package beside librosa.
"""
